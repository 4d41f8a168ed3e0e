#pragma once
// Marks the few loops that a build for any x86-64 processor (BNN_NATIVE=OFF) compiles three times:
// for the baseline, for AVX2 with FMA and for AVX-512. The program picks the version for its
// processor when it starts, with everything that the function calls compiled into it. It is a
// macro, because an attribute cannot be made conditional otherwise. A build for the local processor
// needs only one version, and other architectures have only one.

#if defined(BNN_PORTABLE) && defined(__x86_64__)
#define BNN_VECTOR_CLONES \
  [[gnu::target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4"), gnu::flatten]]
#else
#define BNN_VECTOR_CLONES
#endif
