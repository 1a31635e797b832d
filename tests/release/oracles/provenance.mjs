// Holds a release's provenance against sigstore's own encoding and verifier, with a key of ours and no log.
// Usage: node provenance.mjs NODE_FOLDER RELEASE PUBLIC_KEY
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
const [modules, folder, keyFile] = process.argv.slice(2);
const require = createRequire(path.resolve(modules) + '/');
const { dsse } = require('@sigstore/core');
const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');
const { bundleFromJSON } = require('@sigstore/bundle');
const file = fs.readdirSync(folder).find((name) => name.endsWith('.intoto.jsonl'));
const text = fs.readFileSync(path.join(folder, file), 'utf8');
if (text.split('\n').length !== 2) throw new Error('not one line');
const envelope = JSON.parse(text);
const key = crypto.createPublicKey(fs.readFileSync(keyFile));

// The signature is over what another implementation encodes.
const encoded = dsse.preAuthEncoding(envelope.payloadType, Buffer.from(envelope.payload, 'base64'));
const signature = Buffer.from(envelope.signatures[0].sig, 'base64');
if (!crypto.verify(null, encoded, key, signature)) throw new Error('the signature is not over the encoding');

function bundle(changed) {
  return bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: envelope.signatures[0].keyid }, tlogEntries: [], timestampVerificationData: { rfc3161Timestamps: [] } },
    dsseEnvelope: { ...envelope, ...changed },
  });
}
const material = toTrustMaterial(
  { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] },
  () => ({ publicKey: key, validFor: () => true }));
const verifier = new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
verifier.verify(toSignedEntity(bundle({})));
let seen = false;
try {
  const other = JSON.parse(Buffer.from(envelope.payload, 'base64')); other.subject[0].name = 'other';
  verifier.verify(toSignedEntity(bundle({ payload: Buffer.from(JSON.stringify(other)).toString('base64') })));
} catch (error) { seen = true; }
if (!seen) throw new Error('a changed statement is taken too');

// Every subject is a file of the folder or the unpacked image.
const statement = JSON.parse(Buffer.from(envelope.payload, 'base64'));
const digest = (name) => crypto.createHash('sha256').update(fs.readFileSync(path.join(folder, name))).digest('hex');
for (const subject of statement.subject)
  if (fs.existsSync(path.join(folder, subject.name)) && digest(subject.name) !== subject.digest.sha256) throw new Error(subject.name);
console.log(`ok: provenance: ${statement.subject.length} subjects, ${statement.predicate.buildDefinition.resolvedDependencies.length} dependencies, signature verified`);
