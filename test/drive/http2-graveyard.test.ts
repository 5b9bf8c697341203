// The native part of an HTTP/2 session, which this version of Node must name as the transport expects.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import { it } from 'node:test';
import { nativeOf } from '../../src/drive/transports/http2-graveyard.js';

it('a session has a native part while it is open, and lets it go when it is destroyed', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const session = connect(`http://127.0.0.1:${address.port}`);
  await once(session, 'connect');
  assert.notEqual(nativeOf(session), null);
  session.destroy();
  await once(session, 'close');
  assert.equal(nativeOf(session), null);
  server.close();
});
