// Holds SPDX documents against SPDX' schema with ajv. Usage: node spdx.mjs NODE_FOLDER SCHEMA FILE...
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'

const [folder, schema, ...files] = process.argv.slice(2)
const require = createRequire(folder + '/')
const ajv = new (require('ajv').default)({strict: false, allErrors: true})
require('ajv-formats').default(ajv)
const validate = ajv.compile(JSON.parse(readFileSync(schema)))
let failed = false
const document = JSON.parse(readFileSync(files[0]))
document.packages[0].another = 1
if (validate(document)) { failed = true; console.log('FAILED: another key passes') } else console.log('ok: refused: another key')
for (const file of files) {
  const held = validate(JSON.parse(readFileSync(file)))
  failed ||= !held
  console.log(`${held ? 'ok' : 'FAILED'}: ${file}: SPDX 2.3, ajv${held ? '' : ' ' + JSON.stringify(validate.errors).slice(0, 2000)}`)
}
process.exit(failed ? 1 : 0)
