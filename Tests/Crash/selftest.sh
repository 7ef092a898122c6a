#!/bin/bash
# Plants defects in a copy of the sources and lets opencodefs-crash find each of them: a proof that finds nothing proves
# nothing. None of them is in the program that is shipped.
#
#     Tests/Crash/selftest.sh [ROUNDS] [SEED]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-300}
seed=${2:-$RANDOM}
copy=.build/defects
mkdir -p "$copy"
# Files keep their times, so that only what a patch touches is compiled again.
rsync --archive --delete --exclude .build --exclude .git ./ "$copy/"
for patch in Tests/Crash/Defects/*.patch; do
    # No fuzz: a defect that is planted elsewhere is another, or none.
    patch --quiet --directory "$copy" --strip 1 --fuzz 0 --no-backup-if-mismatch <"$patch"
done
cp --preserve=timestamps Tests/Crash/Defects/Defect.swift "$copy/Sources/Timing/"
swift build --package-path "$copy" --product opencodefs --quiet
swift build --product opencodefs-crash --quiet

missed=0
# NAME FAMILY DISK [OPTION...]: found within so many rounds?
try() {
    local name=$1 family=$2 disk=$3
    shift 3
    if [ "$disk" != plain ] && [ "$(id -u)" != 0 ]; then
        echo "$name ($family, $disk): not tried, a disk whose power is cut takes root"
        return
    fi
    local status=0 said
    said=$(.build/debug/opencodefs-crash --program "$copy/.build/debug/opencodefs" --seed "$seed" \
        --defect "$name" --family "$family" --disk "$disk" --rounds "$rounds" "$@" 2>&1) || status=$?
    if [ "$status" = 1 ] && grep -q 'round [0-9]' <<<"$said"; then
        echo "$name ($family, $disk): found, $(grep -o -m 1 'round [0-9]*: .*' <<<"$said" | cut -c 1-150)"
    else
        echo "$name ($family, $disk): NOT FOUND in $rounds rounds (status $status)"
        tail -n 3 <<<"$said"
        missed=1
    fi
}
echo "seed $seed"
# It answers close before the commit; other saves of the same file would only meet themselves.
try early-answer v1 plain --only create
try torn v1 plain
try late-trash v2 plain
try unfiled-ahead v1 plain
try renamed-away v2 plain
try renamed-away go plain
try lie v1 plain
try unsynced v1 ext4
try unsynced go xfs
exit "$missed"
