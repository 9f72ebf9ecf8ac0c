/* MKL asks this function whether the processor is Intel's, and takes slower code where it is not. Preloaded, this
   answer lets it choose by what the processor can do. */
int mkl_serv_intel_cpu_true(void) { return 1; }
