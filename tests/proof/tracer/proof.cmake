# Runs a program and stops it at chosen system calls, for kill_points, power_loss and error_injection.
add_executable(bnn-proof-tracer
  ${CMAKE_CURRENT_LIST_DIR}/call_table.cpp
  ${CMAKE_CURRENT_LIST_DIR}/call_site.cpp
  ${CMAKE_CURRENT_LIST_DIR}/call_filter.cpp
  ${CMAKE_CURRENT_LIST_DIR}/recorder.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tracee.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tracer.cpp)
target_compile_options(bnn-proof-tracer PRIVATE "$<$<CONFIG:Release>:-O0>")
target_link_libraries(bnn-proof-tracer PRIVATE CLI11::CLI11 bnn_flags)
set_target_properties(bnn-proof-tracer PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
add_dependencies(bnn-proofs bnn-proof-tracer)
