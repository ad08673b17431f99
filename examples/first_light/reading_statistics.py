"""How hard the text on standard input is to read: sentences, words, syllables, and the Flesch reading ease.

    python3 reading_statistics.py < text

A sentence ends with a run of . ! or ?; a word is a run of ASCII letters; a syllable is a run of vowels, at least one
a word. An ordinary program: it knows nothing of the sandbox it runs in.
"""
import re
import sys

text = sys.stdin.read()
words = [word.lower() for word in re.findall(r"[A-Za-z]+", text)]
sentences = len(re.findall(r"[.!?]+", text))
syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word))) for word in words)
if not words or not sentences:
    sys.exit("reading_statistics: the text has no sentence")

ease = 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)
print(f"sentences {sentences}")
print(f"words {len(words)}")
print(f"distinct {len(set(words))}")
print(f"syllables {syllables}")
print(f"letters {sum(map(len, words))}")
print(f"flesch {ease:.2f}")
