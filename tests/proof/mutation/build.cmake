# Included by CMake after project(): the product is compiled at -O1, which is quick and enough for its tests.
# The root's own flags come later, so these wait until all are set.

function(bnn_compile_products_quickly)
  foreach(level baseline avx2 avx512)
    set(file src/math/product_code_${level}.cpp)
    get_source_file_property(options ${file} COMPILE_OPTIONS)
    if(options)
      string(REPLACE "-O3" "-O1" options "${options}")
      set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${options}")
    endif()
  endforeach()
endfunction()

cmake_language(DEFER CALL set CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG")
cmake_language(DEFER CALL bnn_compile_products_quickly)
