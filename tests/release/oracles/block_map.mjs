// Writes a card as bmapflash does, an independent reader of block maps, and lets it validate the card.
// Usage: node block_map.mjs NODE_FOLDER IMAGE BLOCK_MAP CARD; CARD is a file as long as the image that holds something else
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
const [modules, image, map, card] = process.argv.slice(2);
const { flashImageToFileDescriptor, validateFlashedImage } = createRequire(path.resolve(modules) + '/')('bmapflash');
const contents = fs.readFileSync(map, 'utf8');
const descriptor = fs.openSync(card, 'r+');
const ended = (emitter) => new Promise((resolve, reject) => { emitter.on('done', resolve); emitter.on('error', reject); });
await ended(flashImageToFileDescriptor(fs.createReadStream(image), descriptor, contents));
const invalid = await ended(validateFlashedImage(descriptor, contents));
if (invalid.length) throw new Error(JSON.stringify(invalid));
// A byte of the first range that changes is seen.
const byte = Buffer.alloc(1);
fs.readSync(descriptor, byte, 0, 1, 100);
fs.writeSync(descriptor, Buffer.from([byte[0] ^ 1]), 0, 1, 100);
const changed = await ended(validateFlashedImage(descriptor, contents));
if (changed.length !== 1) throw new Error('a changed card is taken too');
fs.writeSync(descriptor, byte, 0, 1, 100);
console.log('ok: block map: written and validated');
