// The foreign clients, each behind the same two functions. What they send and understand is theirs.
//
//   call(method, ...params)    a promise of the result; rejected with the error that was answered
//   notify(method, ...params)
'use strict';

const net = require('node:net');

const host = '127.0.0.1';

function msgpack5rpc(port) {
  const Session = require('msgpack5rpc');
  const socket = net.connect({ port, host });
  const session = new Session();
  session.attach(socket, socket);
  return {
    call: (method, ...params) => new Promise((resolve, reject) => {
      session.request(method, params, (error, result) => (error ? reject(error) : resolve(result)));
    }),
    notify: (method, ...params) => session.notify(method, params),
    close: () => socket.end(),
  };
}

function msgpackRpcLite(port, codec) {
  const client = require('msgpack-rpc-lite').createClient(port, host, 0, { encode: codec, decode: codec });
  return {
    call: async (method, ...params) => (await client.request(method, ...params))[0],
    notify: (method, ...params) => client.notify(method, ...params),
    close: () => client.socket.end(),
  };
}

module.exports = {
  msgpack5rpc,
  msgpack_rpc_lite: (port) => msgpackRpcLite(port, {}),
  // As clients were before the specification had str8 and bin: nothing but raw, in and out.
  msgpack_rpc_lite_old_raw: (port) => msgpackRpcLite(port, { useraw: true }),
};
