// What a user of a foreign client does, against a server of its own: node scenario.js CLIENT PROGRAM
// Fails with the first thing that is not so.
'use strict';

const assert = require('node:assert/strict');

const clients = require('./clients.js');
const { start, limitTime } = require('./server.js');

const [clientName, program] = process.argv.slice(2);

// Strings arrive as strings or, with a client that knows only raw, as buffers.
const text = (value) => String(value);

async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return text(error);
  }
  throw new Error('not refused');
}

/** One message's way: push, pull, done. */
async function cycle(client, queue) {
  assert.equal(text(await client.call('push', queue, 'hello')), 'ok');
  const message = await client.call('pull', queue, 0);
  assert.deepEqual(Object.keys(message), ['queue', 'id', 'type', 'retry', 'content']);
  assert.equal(text(message.queue), queue);
  assert.equal(text(message.type), 'normal');
  assert.equal(message.retry, 2);
  assert.equal(text(message.content), 'hello');
  assert.equal(text(await client.call('done', queue, text(message.id))), 'ok');
  assert.equal(await rejection(client.call('done', queue, text(message.id))), 'not_found');
  assert.equal(text(await client.call('pull', queue, 0)), 'empty');
}

async function values(client) {
  for (const value of [null, true, false, 0, -1, 65536, 1.5, [1, [2, null]], { a: { b: [false] } }]) {
    await client.call('push', 'values', value);
    const { content } = await client.call('pull', 'values', 0);
    assert.deepEqual(content, value);
  }
  for (const length of [0, 31, 32, 200, 255, 256, 70_000]) {
    await client.call('push', 'strings', 'x'.repeat(length));
    assert.equal(text((await client.call('pull', 'strings', 0)).content), 'x'.repeat(length));
  }
}

async function errors(client) {
  assert.equal(await rejection(client.call('no_such_method')), 'undef');
  assert.equal(await rejection(client.call('push', 'one_argument')), 'undef');
  assert.equal(await rejection(client.call('push', 5, 'x')), 'badarg');
  assert.equal(await rejection(client.call('pull_any', '(', 0)), 'invalid_regexp');
  assert.equal(await rejection(client.call('update_props', 'q', { retry: 'many' })), 'invalid');
  await client.call('push', 'leased', 1);
  const { id } = await client.call('pull', 'leased', 0);
  assert.equal(await rejection(client.call('done', 'no_such_queue', text(id))), 'queue_not_found');
}

/** A pull waits while the same connection makes other calls. */
async function waiting(client) {
  let answered = false;
  const pull = client.call('pull', 'waiting', 30).then((message) => {
    answered = true;
    return message;
  });
  await cycle(client, 'beside');
  assert.equal(answered, false);
  await client.notify('push', 'waiting', 'at last');
  const message = await pull;
  assert.equal(text(message.content), 'at last');
  assert.equal(text(await client.call('release', 'waiting', text(message.id))), 'ok');
  const again = await client.call('pull_any', '^waiting$', 0);
  assert.equal(again.retry, 1);
  assert.equal(text(await client.call('retain', 'waiting', text(again.id))), 'ok');
}

async function properties(client) {
  const long = `^${'n'.repeat(100)}$`;
  assert.equal(text(await client.call('set_default_props', [[long, { pack: 10, retry: 3 }]])), 'ok');
  const [[pattern, found]] = await client.call('get_default_props');
  assert.equal(text(pattern), long);
  assert.deepEqual(found, { pack: 10, retry: 3 });
  assert.equal(text(await client.call('set_default_props', [])), 'ok');
  assert.deepEqual(await client.call('get_default_props'), []);
  assert.equal(text(await client.call('update_props', 'packing', { pack: 0.2 })), 'ok');
  assert.equal(text(await client.call('push', 'packing', 'a')), 'packing started');
  assert.equal(text(await client.call('push', 'packing', [1, 2])), 'packed');
  const message = await client.call('pull', 'packing');
  assert.equal(text(message.type), 'package');
  assert.equal(text(message.content[0]), 'a');
  assert.deepEqual(message.content[1], [1, 2]);
  assert.equal(text(await client.call('update_props', 'packing')), 'ok');
  assert.equal(text(await client.call('delete', 'packing')), 'ok');
}

async function main() {
  const server = await start(program);
  const client = clients[clientName](server.port);
  for (const part of [(c) => cycle(c, 'cycle'), values, errors, waiting, properties])
    await part(client);
  client.close();
  assert.equal(await server.stop(), 0);
  console.log(`${clientName}: everything was as it must be`);
}

limitTime();
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
