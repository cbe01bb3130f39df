// How the program's allocator, jemalloc, is to behave. It reads this before main().
//
// A queue that was full and is drained gives its memory back to the system: pages that are free for a second
// are returned by a thread of jemalloc's own, so that no I/O thread pays for it. Two arenas, because every
// arena keeps some pages to itself and I/O threads mostly live on their thread caches; see
// docs/decisions/0008-allocator.md.

extern "C" const char* malloc_conf;
const char* malloc_conf =
  "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,narenas:2,tcache_max:1024";
