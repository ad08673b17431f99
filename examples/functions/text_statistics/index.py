"""Word frequencies and reading statistics of the text that is the event. The list of common words is read once."""
import json
import re
from collections import Counter

common = frozenset()
loads = 0


def initialize(context):
    global common, loads
    with open("/code/common_words.txt", encoding="ascii") as file:
        common = frozenset(file.read().split())
    loads += 1


def handler(event, context):
    text = event.decode("utf-8")
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", text)]
    sentences = len(re.findall(r"[.!?]+", text))
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word))) for word in words)
    counts = Counter(word for word in words if word not in common)
    ease = 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)
    context.logger.info("%d words", len(words))
    return json.dumps({
        "words": len(words),
        "sentences": sentences,
        "syllables": syllables,
        "ease": f"{ease:.2f}",
        "frequent": sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5],
        "loads": loads,
    }, separators=(",", ":"))
