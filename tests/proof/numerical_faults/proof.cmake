# Puts numbers that are not finite into layers, gradients, weights and optimizers, for the proof
# numerical_faults.
bnn_add_proof_program(bnn-proof-faults
  ${CMAKE_CURRENT_LIST_DIR}/../corruption/batches.cpp
  ${CMAKE_CURRENT_LIST_DIR}/cases.cpp
  ${CMAKE_CURRENT_LIST_DIR}/fault_layer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/faults.cpp
  ${CMAKE_CURRENT_LIST_DIR}/prediction_fault.cpp
  ${CMAKE_CURRENT_LIST_DIR}/rig.cpp
  ${CMAKE_CURRENT_LIST_DIR}/rows.cpp
  ${CMAKE_CURRENT_LIST_DIR}/training_fault.cpp)
target_include_directories(bnn-proof-faults PRIVATE ${CMAKE_CURRENT_LIST_DIR}/..)
target_compile_options(bnn-proof-faults PRIVATE "$<$<CONFIG:Release>:-O1>")
target_link_libraries(bnn-proof-faults PRIVATE bnn CLI11::CLI11 bnn_flags)
