// Prints the words that occur most often in the text on standard input: "count word", the most frequent first.
//
//   cc -O2 -static -o wordfreq wordfreq.c && ./wordfreq 10 < text
//
// A word is a run of ASCII letters, in lower case. An ordinary program: it knows nothing of the sandbox it runs in.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Word {
    struct Word* next;  // in its bucket
    unsigned long count;
    char text[];
};

enum { kBuckets = 1 << 14, kLongest = 255 };
static struct Word* buckets[kBuckets];
static size_t distinct;

static void count_word(const char* text, size_t length) {
    unsigned hash = 2166136261u;  // FNV-1a
    for (size_t i = 0; i < length; ++i) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    struct Word** bucket = &buckets[hash % kBuckets];
    for (struct Word* word = *bucket; word != NULL; word = word->next)
        if (strncmp(word->text, text, length) == 0 && word->text[length] == '\0') {
            ++word->count;
            return;
        }
    struct Word* word = malloc(sizeof *word + length + 1);
    if (word == NULL) {
        perror("wordfreq");
        exit(1);
    }
    memcpy(word->text, text, length);
    word->text[length] = '\0';
    word->count = 1;
    word->next = *bucket;
    *bucket = word;
    ++distinct;
}

static int by_count_then_text(const void* a, const void* b) {
    const struct Word *left = *(struct Word*const*)a, *right = *(struct Word*const*)b;
    if (left->count != right->count) return left->count < right->count ? 1 : -1;
    return strcmp(left->text, right->text);
}

static void print_most_frequent(size_t most) {
    struct Word** sorted = malloc((distinct + 1) * sizeof(struct Word*));
    if (sorted == NULL) {
        perror("wordfreq");
        exit(1);
    }
    size_t filled = 0;
    for (size_t i = 0; i < kBuckets; ++i)
        for (struct Word* word = buckets[i]; word != NULL; word = word->next) sorted[filled++] = word;
    qsort(sorted, filled, sizeof(struct Word*), by_count_then_text);
    for (size_t i = 0; i < filled && i < most; ++i) printf("%lu %s\n", sorted[i]->count, sorted[i]->text);
}

int main(int argc, char** argv) {
    const long most = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
    if (most < 1) {
        fprintf(stderr, "wordfreq: how many words? a number from 1 up, not \"%s\"\n", argv[1]);
        return 2;
    }
    char word[kLongest];
    size_t length = 0;
    for (int c; (c = getchar()) != EOF;) {
        if (isalpha(c)) {
            if (length < sizeof word) word[length++] = (char)tolower(c);
        } else if (length > 0) {
            count_word(word, length);
            length = 0;
        }
    }
    if (length > 0) count_word(word, length);
    print_most_frequent((size_t)most);
    return fflush(stdout) == 0 ? 0 : 1;
}
