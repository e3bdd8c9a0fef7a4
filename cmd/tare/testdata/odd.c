/* Names files in every way that system calls have, for traces to be held against. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <signal.h>
#include <errno.h>
#include <linux/openat2.h>
#include <stdlib.h>
static char p386[] = "/files/i386", s386[] = "/files/i386stat";
static char statbuf[256];
static long int80(long nr, long a, long b, long c) { long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory"); return r; }
static int handled; static void on(int s) { handled++; }
int main(int argc, char **argv) {
  struct stat st; struct statx sx; struct statfs sf; char b[4096];
  if (argc > 1 && !strcmp(argv[1], "eintr")) { /* timers without SA_RESTART */
    struct sigaction sa = {0}; sa.sa_handler = on; sigaction(SIGALRM, &sa, 0);
    struct itimerval it = {{0, 300}, {0, 300}}; setitimer(ITIMER_REAL, &it, 0);
    int bad = 0; for (int i = 0; i < 30000; i++) if (stat("/files/eintr", &st) < 0 && errno == EINTR) bad++;
    it.it_interval.tv_usec = it.it_value.tv_usec = 0; setitimer(ITIMER_REAL, &it, 0);
    printf("%d interrupted\n", bad); return bad != 0;
  }
  if (argc > 1 && !strcmp(argv[1], "storm")) { int n = atoi(argv[2]); for (int i = 0; i < n; i++) stat("/files/a", &st); return 0; }
  if (argc > 1 && !strcmp(argv[1], "uring")) { long r = syscall(425, 1, b); printf("io_uring_setup %ld errno %d\n", r, errno); return 0; }
  if (argc > 1 && !strcmp(argv[1], "i386")) { int r = int80(5, (long)p386, 0, 0); int q = int80(195, (long)s386, (long)statbuf, 0); int z = int80(33, (long)"/files/no", 0, 0); printf("%d %d %d\n", r, q, z); return r < 0 || q < 0; }
  open("/files/a", O_RDONLY); int d = open("/files", O_DIRECTORY|O_RDONLY); openat(d, "b", O_RDONLY);
  struct open_how how = {0}; how.flags = O_RDONLY; how.resolve = RESOLVE_IN_ROOT; syscall(SYS_openat2, d, "/c", &how, sizeof how);
  how.resolve = RESOLVE_BENEATH; syscall(SYS_openat2, d, "link", &how, sizeof how); syscall(SYS_openat2, d, "../files/no1", &how, sizeof how);
  syscall(SYS_stat, "/files/d", &st); syscall(SYS_lstat, "/files/link2", &st);
  fstatat(d, "e", &st, AT_EMPTY_PATH); syscall(SYS_statx, d, "f", AT_EMPTY_PATH, STATX_ALL, &sx); fstatat(d, "", &st, AT_EMPTY_PATH);
  access("/files/g", R_OK); faccessat(d, "h", F_OK, 0); access("/files/i", X_OK);
  readlink("/files/link3", b, sizeof b); readlinkat(d, "link4", b, sizeof b); readlink("/files/no2", b, sizeof b);
  getxattr("/files/j", "user.x", b, 8); listxattr("/files/k", b, 8); statfs("/files/l", &sf);
  chdir("/files/sub"); open("m", O_RDONLY); open("../n", O_RDONLY); fchdir(d); stat("o", &st);
  chmod("/files/p", 0600); utimes("/files/q", 0); truncate("/files/r", 1);
  int in = inotify_init(); inotify_add_watch(in, "/files/s", IN_OPEN);
  rename("/files/t", "/files/t2"); open("/files/t2", O_RDONLY); link("/files/u", "/files/u2"); unlink("/files/v"); open("/files/v", O_RDONLY);
  int o = open("/files/w", O_PATH); snprintf(b, sizeof b, "/proc/self/fd/%d", o); open(b, O_RDONLY);
  open("/files/x", O_CREAT|O_EXCL|O_RDWR, 0600); open("/files/link5", O_NOFOLLOW|O_RDONLY); open("/files/y", O_DIRECTORY);
  int z = open("/files/z", O_RDONLY); mmap(0, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, z, 0);
  char *page = mmap(0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); munmap(page+4096, 4096);
  strcpy(page+4096-9, "/files/A"); open(page+4096-9, O_RDONLY); open((char*)1, O_RDONLY);
  char *lp = malloc(5000); strcpy(lp, "/files"); while (strlen(lp) < 3900) strcat(lp, "/."); strcat(lp, "/B"); open(lp, O_RDONLY);
  if (!vfork()) { execl("/files/script", "script", NULL); _exit(1); }
  int sfd = open("/odd", O_RDONLY|O_CLOEXEC); if (!fork()) { char *av[] = {"odd", "storm", "1", 0}; fexecve(sfd, av, environ); _exit(1); }
  sleep(1); return 0;
}
