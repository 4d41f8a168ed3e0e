# Loads millions of damaged and forged files, for the proof corruption.
bnn_add_proof_program(bnn-proof-corruption
  ${CMAKE_CURRENT_LIST_DIR}/allocations.cpp
  ${CMAKE_CURRENT_LIST_DIR}/batches.cpp
  ${CMAKE_CURRENT_LIST_DIR}/cache_subject.cpp
  ${CMAKE_CURRENT_LIST_DIR}/calibration_subject.cpp
  ${CMAKE_CURRENT_LIST_DIR}/checkpoint_subject.cpp
  ${CMAKE_CURRENT_LIST_DIR}/corruption.cpp
  ${CMAKE_CURRENT_LIST_DIR}/features_subject.cpp
  ${CMAKE_CURRENT_LIST_DIR}/json_mutation.cpp
  ${CMAKE_CURRENT_LIST_DIR}/json_tree.cpp
  ${CMAKE_CURRENT_LIST_DIR}/refusal.cpp
  ${CMAKE_CURRENT_LIST_DIR}/strict_reader.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tensor_file.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tensor_mutation.cpp)
target_compile_options(bnn-proof-corruption PRIVATE "$<$<CONFIG:Release>:-O1>")
target_link_libraries(bnn-proof-corruption PRIVATE bnn CLI11::CLI11 bnn_flags ZLIB::ZLIB)
