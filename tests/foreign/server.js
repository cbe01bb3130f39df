// The program under test as a child of node.
'use strict';

const { spawn } = require('node:child_process');
const readline = require('node:readline');

const patienceMs = 60_000;

/** Starts the program on ports of the kernel's choice; resolves once it listens for MessagePack-RPC. */
async function start(program) {
  const anyPort = '127.0.0.1:0';
  const options = ['--memory', '--http', anyPort, '--rpc', anyPort, '--log-level', 'info'];
  const child = spawn(program, ['serve', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  process.on('exit', () => child.kill('SIGKILL'));
  const lines = readline.createInterface({ input: child.stderr });
  const port = await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /rpc\.listen address=127\.0\.0\.1:(\d+)/.exec(line);
      if (found)
        resolve(Number(found[1]));
    });
    child.on('error', reject);
    ended.then((code) => reject(new Error(`the server ended with ${code} before it listened`)));
  });
  return {
    port,
    /** Its exit code. */
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Ends this process as a failure if it takes too long. */
function limitTime() {
  setTimeout(() => {
    console.error(`not done after ${patienceMs} ms`);
    process.exit(1);
  }, patienceMs).unref();
}

module.exports = { start, limitTime };
