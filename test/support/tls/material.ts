// The certificates and keys of the tests, as PEM texts.
import { readFileSync } from 'node:fs';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

export const CA = read('./ca.pem');
export const OTHER_CA = read('./other-ca.pem');
export const SERVER = { cert: read('./server.pem'), key: read('./server-key.pem') };
export const SELF_SIGNED = { cert: read('./self-signed.pem'), key: read('./self-signed-key.pem') };
export const EXPIRED = { cert: read('./expired.pem'), key: read('./expired-key.pem') };
export const CLIENT = {
  cert: read('./client.pem'),
  key: read('./client-key.pem'),
  passphrase: 'test-passphrase',
};
