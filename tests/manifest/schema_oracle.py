"""Says for each manifest on standard input (a JSON array of texts) whether the schema given as argument accepts it.

The patterns are ECMA-262's, where '$' is the very end of the text; Python's '$' also matches before a last newline.
"""
import json
import re
import sys

try:
    from jsonschema import Draft202012Validator, validators
    from jsonschema.exceptions import ValidationError
except ImportError:
    sys.exit("the tests need Python's jsonschema: install python3-jsonschema")


def pattern(validator, expression, instance, schema):
    if validator.is_type(instance, "string") and not re.search(re.sub(r"\$(?=\)|$)", r"\\Z", expression), instance):
        yield ValidationError(f"{instance!r} does not match {expression!r}")


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = validators.extend(Draft202012Validator, {"pattern": pattern})(schema)
json.dump([validator.is_valid(json.loads(text)) for text in json.load(sys.stdin)], sys.stdout)
