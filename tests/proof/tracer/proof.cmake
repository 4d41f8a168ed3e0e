# Runs a program and stops it at chosen system calls, for kill_points, power_loss and error_injection.
bnn_add_proof_program(bnn-proof-tracer
  ${CMAKE_CURRENT_LIST_DIR}/call_table.cpp
  ${CMAKE_CURRENT_LIST_DIR}/call_site.cpp
  ${CMAKE_CURRENT_LIST_DIR}/call_filter.cpp
  ${CMAKE_CURRENT_LIST_DIR}/recorder.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tracee.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tracer.cpp)
target_compile_options(bnn-proof-tracer PRIVATE "$<$<CONFIG:Release>:-O0>")
target_link_libraries(bnn-proof-tracer PRIVATE CLI11::CLI11 bnn_flags)
