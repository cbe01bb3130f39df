// The example of a document, run as printed: node document.js DOCUMENT PROGRAM
// The first block of kind `js` is run with the server's port in place of 18800; the block of kind `text` below it
// is what it prints.
'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { promisify } = require('node:util');

const { start, limitTime } = require('./server.js');

const [documentPath, program] = process.argv.slice(2);

async function main() {
  const blocks = /```js\n([^]*?)```\n[^`]*```text\n([^]*?)```/.exec(readFileSync(documentPath, 'utf8'));
  assert(blocks, 'no block of kind js with one of kind text below it');
  const [, script, printed] = blocks;
  const server = await start(program);
  assert(script.includes('18800'), 'the example names no port');
  const runnable = script.replace('18800', String(server.port));
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', runnable]);
  assert.equal(stdout, printed);
  assert.equal(await server.stop(), 0);
  console.log('the example prints what the document says');
}

limitTime();
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
