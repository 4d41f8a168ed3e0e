# Opens, predicts and closes with libbnn in a loop.
if(BNN_LIBRARY)
  find_package(Threads REQUIRED)
  bnn_add_proof_program(bnn-proof-soak ${CMAKE_CURRENT_LIST_DIR}/library.cpp)
  target_include_directories(bnn-proof-soak PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(bnn-proof-soak PRIVATE bnn-library bnn_flags Threads::Threads)
endif()
