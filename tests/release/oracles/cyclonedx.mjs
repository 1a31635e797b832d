// Holds CycloneDX documents against CycloneDX' own strict validator, with the schemas that it brings, and every package URL against
// packageurl-js. Usage: node cyclonedx.mjs NODE_FOLDER FILE...
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'

const [folder, ...files] = process.argv.slice(2)
const require = createRequire(folder + '/')
const {Validation} = require('@cyclonedx/cyclonedx-library')
const {PackageURL} = require('packageurl-js')
const validator = new Validation.JsonStrictValidator('1.6')
let failed = false
const tell = (held, words) => { failed ||= !held; console.log(`${held ? 'ok' : 'FAILED'}: ${words}`) }

// A document that must not pass, made from the first: whoever accepts it proves nothing.
const broken = [
  ['another key', document => { document.metadata.component.another = 1 }],
  ['an algorithm of SPDX', document => { document.metadata.component.hashes[0].alg = 'SHA256' }],
  ['a serial number', document => { document.serialNumber = 'urn:uuid:1' }],
  ['a name of a licence list', document => { document.components[0].licenses = [{license: {id: 'GPLv2'}}] }],
  ['two same references', document => { document.components.push(document.components[0]) }],
]
for (const [name, change] of broken) {
  const document = JSON.parse(readFileSync(files[0]))
  change(document)
  tell(await validator.validate(JSON.stringify(document)) !== null, `refused: ${name}`)
}

for (const file of files) {
  const text = readFileSync(file, 'utf8')
  const error = await validator.validate(text)
  const document = JSON.parse(text)
  tell(error === null, `${file}: CycloneDX 1.6, strict${error === null ? '' : ' ' + JSON.stringify(error).slice(0, 2000)}`)
  let same = 0
  for (const component of document.components.filter(component => component.purl)) {
    const parsed = PackageURL.fromString(component.purl)
    // The version as it was is behind every encoding; an rpm's epoch stands apart, and the firmware's date is no version there.
    const version = (parsed.qualifiers?.epoch ? parsed.qualifiers.epoch + ':' : '') + (parsed.version ?? '')
    const expected = parsed.type === 'github' ? '' : component.version ?? ''
    if (version !== expected) tell(false, `${file}: ${component.purl} has the version ${version}, not ${expected}`)
    else if (PackageURL.fromString(parsed.toString()).toString() !== parsed.toString()) tell(false, `${file}: ${component.purl}`)
    else ++same
  }
  console.log(`    ${document.components.length} components, ${same} package URLs`)
}
process.exit(failed ? 1 : 0)
