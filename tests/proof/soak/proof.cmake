# Opens, predicts and closes with libbnn in a loop.
if(BNN_LIBRARY)
  find_package(Threads REQUIRED)
  add_executable(bnn-proof-soak ${CMAKE_CURRENT_LIST_DIR}/library.cpp)
  target_include_directories(bnn-proof-soak PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(bnn-proof-soak PRIVATE bnn-library bnn_flags Threads::Threads)
  set_target_properties(bnn-proof-soak PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  add_dependencies(bnn-proofs bnn-proof-soak)
endif()
