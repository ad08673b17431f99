/* Counts the bytes on standard input; tells them, how many arguments it got, and the last one. Static. */
#include <stdio.h>

int main(int argc, char** argv) {
    long bytes = 0;
    while (getchar() != EOF) ++bytes;
    printf("%ld %d %s\n", bytes, argc - 1, argv[argc - 1]);
    return 0;
}
