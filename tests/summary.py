#!/usr/bin/env python3
"""Prints the closing counts of a test run, case by case.

    summary.py TESTLOG.json...

cmocka names every case on its own line; a test without such lines counts as one case, and one that died in the
middle of its cases as one failure more. Skipped cases are listed, each with its reason. Exits with 1 after a failure, or when
nothing was run.
"""
import json, re, sys

CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (?!\d+ test\(s\))(\S+)", re.M)
SUMMARY = re.compile(r"^\[ +(FAILED|SKIPPED) +\] \d+ test\(s\), listed below:\n(?:\[ +\1 +\].*\n?)*", re.M)


def cases(test):
    """(passed, names of the failed, names of the skipped) of one line of the log."""
    text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    found = CASE.findall(SUMMARY.sub("", text))
    passed, failed, skipped = ([name for kind, name in found if kind == k] for k in ("OK", "FAILED", "SKIPPED"))
    result = test["result"]
    if not found:
        passed = [test["name"]] if result == "OK" else []
        skipped = [test["name"]] if result == "SKIP" else []
    if result not in ("OK", "SKIP") and not failed:
        failed = [f"{test['name']} ({result.lower()})"]
    reasons = re.findall(r"^skipped: (.*)", text, re.M)
    return len(passed), failed, [f"{test['name']}: {s}" for s in skipped], reasons


def main():
    passed, failed, skipped = 0, [], []
    for path in sys.argv[1:]:
        try:
            with open(path) as log:
                tests = [json.loads(line) for line in log]
        except OSError as error:
            sys.exit(f"summary.py: {error}")
        for test in tests:
            good, bad, left, reasons = cases(test)
            passed += good
            failed += [f"{test['name']}: {name}" for name in bad]
            skipped += left
            if left and reasons:
                skipped[-1] += f" ({'; '.join(dict.fromkeys(reasons))})"
    for name in skipped:
        print(f"skipped  {name}")
    for name in failed:
        print(f"FAILED   {name}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    sys.exit(1 if failed or not passed else 0)


main()
