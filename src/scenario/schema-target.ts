// The keys of the target that say how it is reached, as they are typed.
import * as z from 'zod';
import { oneOrMore, strict } from './schema-parts.js';

/** Keys of `target`, beside its url. */
export const reach = {
  tls: strict({
    ca: z
      .string()
      .optional()
      .describe('A PEM file of authorities to trust in place of the usual ones, relative to the scenario.'),
    cert: z.string().optional().describe("A PEM file with the client's certificate."),
    key: z.string().optional().describe("A PEM file with the client's key."),
    passphrase: z.string().optional().describe(`Of the key, as "\${env:NAME}".`),
    insecure: z
      .boolean({ error: 'expected true or false' })
      .optional()
      .describe('Takes any certificate, such as a self-signed one. Default false.'),
  })
    .optional()
    .describe('Certificates, where the target is https.'),
  addresses: oneOrMore
    .optional()
    .describe('IP addresses to connect to in turn, in place of those that the name resolves to.'),
  proxy: z
    .string()
    .optional()
    .describe('An HTTP proxy to tunnel through: http://proxy.example:3128. It resolves the name.'),
  proxyAuth: z.string().optional().describe(`user:password, as "\${env:NAME}"; sent to the proxy only.`),
  sources: oneOrMore
    .optional()
    .describe('IP addresses of this machine to connect from in turn. Default: chosen by the system.'),
};
