"""Count the words of a book, chapter by chapter, and add the counts up along a tree.

mapReduce(map function, reduction, items) applies the first to every item and combines the results
two by two, in the order of the items, on whichever rank holds them. The chapters are a global of
this module: every rank reads the book for itself and only chapter numbers travel.

Run:
    python -m scoop_mpi -n 4 examples/map_reduce_words.py

Output:
    26,649 words in 12 chapters, 2,619 of them different. The most frequent long ones:
    alice     386
    little    128
    about      94
    herself    83
    would      83
    again      82
    could      77
    there      75
"""

import operator
import re
from collections import Counter
from pathlib import Path

from scoop_mpi import futures

BOOK = (Path(__file__).parent / "data" / "alice.txt").read_text(encoding="ascii")
CHAPTERS = re.split(r"^ +CHAPTER [IVX]+$", BOOK, flags=re.MULTILINE)[1:]


def count_words(chapter: int) -> Counter[str]:
    """Count each word of one chapter."""
    return Counter(re.findall(r"[a-z]+(?:'[a-z]+)*", CHAPTERS[chapter].lower()))


def main() -> None:
    counts = futures.mapReduce(count_words, operator.add, range(len(CHAPTERS)))
    print(
        f"{sum(counts.values()):,} words in {len(CHAPTERS)} chapters, {len(counts):,} of them different."
        " The most frequent long ones:"
    )
    by_frequency = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for word, count in [item for item in by_frequency if len(item[0]) > 4][:8]:
        print(f"{word:8} {count:4}")


if __name__ == "__main__":
    main()
