"""The first documents of a data set as a data set of their own, with all its labels.

    subset.py Datasets/YSO-Finna-tail Datasets/YSO-40960 --train 40960
"""
import argparse
import itertools
import pathlib
import shutil

import scipy.sparse as sp

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source", type=pathlib.Path)
parser.add_argument("target", type=pathlib.Path)
parser.add_argument("--train", type=int, help="training documents (all)")
parser.add_argument("--test", type=int, help="test documents (all)")
arguments = parser.parse_args()

(arguments.target / "raw").mkdir(parents=True)
shutil.copy(arguments.source / "raw/Y.txt", arguments.target / "raw/Y.txt")
for split, count in [("trn", arguments.train), ("tst", arguments.test)]:
    with open(arguments.source / f"raw/{split}_X.txt", "rb") as texts, open(arguments.target / f"raw/{split}_X.txt", "wb") as out:
        out.writelines(itertools.islice(texts, count))
    sp.save_npz(arguments.target / f"Y.{split}.npz", sp.load_npz(arguments.source / f"Y.{split}.npz").tocsr()[:count])
