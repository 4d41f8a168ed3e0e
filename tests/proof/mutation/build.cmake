# Included by CMake after project(): the product is compiled at -O1, which is quick and enough for its tests.
# The root's own flags come later, so this waits until they are set.
cmake_language(DEFER CALL set CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG")
