# The targets as one program. Compiled for libFuzzer (fuzzer.py does, with clang) it is bnn-fuzz,
# which a link bnn-fuzz-TARGET calls; else bnn-fuzz-quick, which needs no more than the other proofs.
set(folder ${CMAKE_CURRENT_LIST_DIR})
set(embedding ${PROJECT_SOURCE_DIR}/src/embedding)
set(name bnn-fuzz-quick)
set(main ${folder}/quick.cpp)
if(CMAKE_CXX_FLAGS MATCHES "fuzzer-no-link")
  set(name bnn-fuzz)
  set(main ${folder}/libfuzzer.cpp)
endif()
file(GLOB targets CONFIGURE_DEPENDS ${folder}/targets/*.cpp)
bnn_add_proof_program(${name} ${main} ${targets}
  ${folder}/target.cpp
  ${folder}/mend.cpp
  ${folder}/mend_checkpoint.cpp
  ${folder}/made_up_run.cpp
  ${embedding}/api.cpp
  ${embedding}/guarded_call.cpp
  ${embedding}/session.cpp
  ${embedding}/processor_check.cpp
  ${PROJECT_SOURCE_DIR}/tests/export/onnx_reader_rows.cpp
  ${PROJECT_SOURCE_DIR}/tests/export/onnx_evaluation_rows.cpp
  ${PROJECT_SOURCE_DIR}/tests/export/onnx_image_operators_rows.cpp
  ${PROJECT_SOURCE_DIR}/tests/support/image_files.cpp)
target_include_directories(${name} PRIVATE ${folder} ${PROJECT_SOURCE_DIR}/tests ${embedding})
target_compile_options(${name} PRIVATE "$<$<CONFIG:Release>:-O1>")
target_compile_definitions(${name} PRIVATE BNN_VERSION="${PROJECT_VERSION}" BNN_PROCESSOR_NEEDS="")
target_link_libraries(${name} PRIVATE bnn bnn_flags PNG::PNG JPEG::JPEG ZLIB::ZLIB)
if(name STREQUAL "bnn-fuzz")
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endif()

# Makes the files that the corpora began with; nothing else needs it.
file(GLOB seeds CONFIGURE_DEPENDS ${folder}/seeds/*.cpp)
add_executable(bnn-fuzz-seeds EXCLUDE_FROM_ALL ${seeds} ${folder}/made_up_run.cpp
  ${PROJECT_SOURCE_DIR}/tests/support/image_files.cpp
  ${PROJECT_SOURCE_DIR}/tests/support/other_image_files.cpp)
target_include_directories(bnn-fuzz-seeds PRIVATE ${folder} ${PROJECT_SOURCE_DIR}/tests)
target_compile_options(bnn-fuzz-seeds PRIVATE "$<$<CONFIG:Release>:-O0>")
target_link_libraries(bnn-fuzz-seeds PRIVATE bnn bnn_flags PNG::PNG JPEG::JPEG ZLIB::ZLIB TIFF::TIFF GIF::GIF
                      ${BNN_WEBP})
set_target_properties(bnn-fuzz-seeds PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
