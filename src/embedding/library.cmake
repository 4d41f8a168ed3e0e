# libbnn.so: prediction inside other programs (include/bnn.h), with its C++ wrapper, its Python module
# and what CMake and pkg-config need to find it.

file(GLOB sources CONFIGURE_DEPENDS src/embedding/*.cpp)
add_library(bnn-library SHARED ${sources})
set_target_properties(bnn-library PROPERTIES
  OUTPUT_NAME bnn EXPORT_NAME bnn VERSION ${PROJECT_VERSION} SOVERSION 0
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/src/embedding/libbnn.map)
target_include_directories(bnn-library
  PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# The rooms are linked as a file: their own dependencies, OpenBLAS and the decoders of image files, are
# for the programs. What the library does not reach is left out, and nothing may then be missing.
add_dependencies(bnn-library bnn)
target_link_libraries(bnn-library PRIVATE bnn_flags $<TARGET_FILE:bnn> fmt::fmt ZLIB::ZLIB Threads::Threads)
target_include_directories(bnn-library SYSTEM PRIVATE
  $<TARGET_PROPERTY:nlohmann_json::nlohmann_json,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(bnn-library PRIVATE BNN_VERSION="${PROJECT_VERSION}")
target_link_options(bnn-library PRIVATE
  -Wl,--gc-sections -Wl,--version-script=${PROJECT_SOURCE_DIR}/src/embedding/libbnn.map
  $<$<NOT:$<BOOL:${BNN_SANITIZE}>>:-Wl,-z,defs>)

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(BNN_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/bnn)
set(BNN_PYTHON_DIR lib/python3/dist-packages CACHE STRING "Where the Python module goes, below the prefix")
file(RELATIVE_PATH BNN_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)  # installations may move
configure_file(src/embedding/bnn.pc.in bnn.pc @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bnnConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS bnn-library EXPORT bnn)
install(EXPORT bnn NAMESPACE bnn:: FILE bnnConfig.cmake DESTINATION ${BNN_CMAKE_DIR})
install(FILES ${PROJECT_BINARY_DIR}/bnnConfigVersion.cmake DESTINATION ${BNN_CMAKE_DIR})
install(FILES ${PROJECT_BINARY_DIR}/bnn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES include/bnn.h include/bnn.hpp TYPE INCLUDE)
install(FILES src/embedding/bnn.py DESTINATION ${BNN_PYTHON_DIR})
install(DIRECTORY src/embedding/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/bnn)
