/* Standard input to standard output in capitals: the smallest real work. Linked static. */
#include <unistd.h>

int main(void) {
    static char text[65536];
    ssize_t n;
    while ((n = read(0, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < n; ++i)
            if (text[i] >= 'a' && text[i] <= 'z') text[i] -= 'a' - 'A';
        if (write(1, text, (size_t)n) != n) return 1;
    }
    return n < 0;
}
