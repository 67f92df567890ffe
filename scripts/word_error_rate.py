"""Print the word error rate of a broadcast's source captions against the text that was spoken.

python scripts/word_error_rate.py out/demo/summary.json samples/speech-en.txt
"""

import argparse
import json
import re
from pathlib import Path

import jiwer


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("summary", type=Path, help="summary.json of a demonstration")
    parser.add_argument("text", type=Path, help="what was spoken")
    options = parser.parse_args()
    segments = json.loads(options.summary.read_text())["segments"]
    heard = " ".join(each["sourceText"] for each in segments)
    print(f"{jiwer.wer(_words(options.text.read_text()), _words(heard)):.1%}")


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


if __name__ == "__main__":
    main()
