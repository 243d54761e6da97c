"""A real language model served over HTTP by llama.cpp, for tests: `python llm_server.py MODEL` prints its address.

It speaks OpenAI's chat completions and Anthropic's messages, streaming included, and ends with its standard input.
"""

import sys

import xllamacpp


def main(file: str) -> None:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.n_parallel, parameters.n_ctx = 2, 2 * 4096
    parameters.port = 0
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.cpuparams.poll = parameters.cpuparams_batch.poll = 0
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
