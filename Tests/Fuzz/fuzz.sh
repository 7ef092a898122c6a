#!/bin/sh
# Fuzzes with AddressSanitizer: fuzz.sh RUNS-OF-NAMES RUNS-OF-JSON RUNS-OF-EDITS RUNS-OF-HANDLERS
# What breaks a promise is left in .build/fuzz/crash-…; run it again with: OPENCODEFS_FUZZ_TARGET=json .build/fuzz/opencodefs-fuzz FILE
set -eu
cd "$(dirname "$0")/../.."
build=.build/fuzz
OPENCODEFS_FUZZ=1 swift build -c release --scratch-path $build --product OpencodefsFuzz \
    -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing -Xcc -fsanitize=address 2>&1 | tail -n 20
swiftc -sanitize=fuzzer,address $build/release/libOpencodefsFuzz.a -lsqlite3 -lmd -o $build/opencodefs-fuzz
# A request takes a few bytes, so that short inputs are no use to the handlers.
for run in "names $1 100" "json $2 100" "edits $3 100" "handlers $4 0"; do
    set -- $run
    corpus=$build/corpus/$1
    mkdir -p $corpus
    # Memory that a library keeps on purpose is no leak of ours.
    ASAN_OPTIONS=detect_leaks=0 OPENCODEFS_FUZZ_TARGET=$1 $build/opencodefs-fuzz -runs="$2" -max_len=600 -len_control=$3 -timeout=30 \
        -rss_limit_mb=1500 -artifact_prefix=$build/ -verbosity=0 -print_final_stats=1 $corpus 2>$build/$1.log || {
        tail -n 40 $build/$1.log
        exit 1
    }
    echo "$1: $(grep number_of_executed_units $build/$1.log | tr -dc 0-9) runs without a fault"
done
