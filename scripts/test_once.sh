#!/usr/bin/env bash
# What cargo runs test programs with in dev_test.sh (a "runner"): one that has passed in this run of it is not run again.
#
# TESTS_PASSED is a directory of that run. A file in it, named like the program with its hash, says that it passed; `begun` says that
# cargo has built what it was asked for and runs it, so that others may build.
set -uo pipefail

: "${TESTS_PASSED:?is a directory, made by dev_test.sh}"
# Examples in the documentation are programs, too, of passing names.
[[ $1 == */deps/* ]] || exec "$@"
passed=$TESTS_PASSED/${1##*/}
if [[ -e $passed ]]; then
    echo "passed above: ${1##*/}"
    exit 0
fi
: >"$TESTS_PASSED/begun"
"$@"
code=$?
((code == 0)) && : >"$passed"
exit "$code"
