#!/bin/bash
# A Ray cluster inside one SLURM job, and a benchmark on it: sbatch examples/cluster/slurm.sh SUITE.toml [OPTIONS OF bench]
# Options that are given so, such as --at-once 16 --in-flight 8, take the place of those that stand below.
# The head runs on the first node and holds the store; programs run on all nodes, in the sandbox that all of them have
# (bubblewrap, mostly: compute nodes rarely have Docker).
#SBATCH --job-name=fieldsmith
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --time=12:00:00
#SBATCH --signal=B:TERM@120
set -euo pipefail
suite=${1:?give a suite, such as: sbatch examples/cluster/slurm.sh codepde}
port=${RAY_PORT:-6379}
venv=${FIELDSMITH_VENV:-$PWD/.venv}

nodes=($(scontrol show hostnames "$SLURM_JOB_NODELIST"))
head=${nodes[0]}
address=$head:$port
# Whoever else is on the machines must not be able to use this cluster: Ray's token, the same on all nodes.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN=${RAY_AUTH_TOKEN:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
export RAY_USAGE_STATS_ENABLED=0
# Sockets have short names only; node-local scratch, not a network disk.
temp=/tmp/ray-$SLURM_JOB_ID

srun --nodes=1 --ntasks=1 --overlap -w "$head" "$venv/bin/ray" start --head --block --port="$port" --num-cpus="$SLURM_CPUS_PER_TASK" \
    --include-dashboard=false --temp-dir="$temp" &
for node in "${nodes[@]:1}"; do
    srun --nodes=1 --ntasks=1 --overlap -w "$node" "$venv/bin/ray" start --block --address="$address" \
        --num-cpus="$SLURM_CPUS_PER_TASK" &
done

for _ in $(seq 60); do
    "$venv/bin/ray" status --address="$address" >/dev/null 2>&1 && break
    sleep 5
done

# A signal before the time is over ends the benchmark; the same script, submitted again, goes on where it was.
# A cell a node at a time; the built-in author and the scan write one program after the other, so that a grid of them
# needs a larger --at-once to fill all cores.
"$venv/bin/fieldsmith" bench "$suite" --engine ray --address "$address" --at-once "${#nodes[@]}" "${@:2}" &
bench=$!
trap 'kill -TERM $bench 2>/dev/null' TERM
code=0
while kill -0 $bench 2>/dev/null; do # the signal interrupts a wait
    wait $bench && code=0 || code=$?
done
wait $bench && code=0 || code=$?
kill $(jobs -p) 2>/dev/null || true
exit $code
