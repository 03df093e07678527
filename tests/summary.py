#!/usr/bin/env python3
"""Prints the closing counts of a test run, case by case.

    summary.py TESTLOG.json...

cmocka names every case on its own line; a test without such lines counts as one case, and one that died in
the middle as one failure. Skipped cases are listed, each with its reason: the line "skipped: REASON" that it
printed. Exits with 1 after a failure, or when nothing passed.
"""
import json, re, sys

CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (?!\d+ test\(s\))(\S+)", re.M)
SUMMARY = re.compile(r"^\[ +(FAILED|SKIPPED) +\] \d+ test\(s\), listed below:\n(?:\[ +\1 +\].*\n?)*", re.M)


def cases(test):
    """Number of passed cases, names of the failed and of the skipped ones, of one line of the log."""
    text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    result, found = test["result"], CASE.findall(SUMMARY.sub("", text))
    if not found:
        found = [({"OK": "OK", "SKIP": "SKIPPED"}.get(result, "FAILED"), result.lower())]
    elif result not in ("OK", "SKIP") and not any(kind == "FAILED" for kind, _ in found):
        found.append(("FAILED", result.lower()))
    passed, failed, skipped = ([name for kind, name in found if kind == k] for k in ("OK", "FAILED", "SKIPPED"))
    reasons = re.findall(r"^skipped: (.*)", text, re.M)
    if len(reasons) == len(skipped):
        skipped = [f"{name} ({reason})" for name, reason in zip(skipped, reasons)]
    return len(passed), failed, skipped


def main():
    passed, failed, skipped = 0, [], []
    for path in sys.argv[1:]:
        try:
            with open(path) as log:
                tests = [json.loads(line) for line in log]
        except OSError as error:
            sys.exit(f"summary.py: {error}")
        for test in tests:
            good, bad, left = cases(test)
            passed += good
            failed += [f"{test['name']}: {name}" for name in bad]
            skipped += [f"{test['name']}: {name}" for name in left]
    for name in skipped:
        print(f"skipped  {name}")
    for name in failed:
        print(f"FAILED   {name}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    sys.exit(1 if failed or not passed else 0)


main()
