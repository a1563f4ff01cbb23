import { assertEquals } from "@std/assert";
import { isSecretName } from "../../../transport/internal.ts";

const anywhere = [
  ..."authorization Proxy-Authorization cookie Set-Cookie X-Api-Key api_key apiKey apikey APIKEY api-key".split(" "),
  ..."token access_token accessToken accesstoken refreshToken X-Auth-Token csrftoken token2 __token__".split(" "),
  ..."key AWSAccessKeyId awsaccesskeyid Key-Pair-Id secret client_secret clientSecret clientsecret".split(" "),
  ..."password passwd pwd pass passphrase db.password credential credentials X-Amz-Credential".split(" "),
  ..."signature X-Amz-Signature X-Goog-Signature sig auth session session_id sessionId JSESSIONID PHPSESSID".split(" "),
  ..."jwt hmac otp sid CIVITAI_API_KEY CIVIKIT_SERVE_TOKEN".split(" "),
];
const inQueries = "hm hdnts hdnea verify md5 k code expires exp Policy ticket".split(" ");
const nowhere = [
  ..."keyword keywords design designer author authors authority monkey keyboard tokens maxTokens max_tokens".split(" "),
  ..."tokenizer token_count tokenCount tokenType key_size keyName signal assigned passage compass bypass".split(" "),
  ..."secretary limit cursor page query types sort period nsfw name model hash sha256".split(" "),
  "",
];

for (const name of anywhere) {
  Deno.test(`isSecretName("${name}") is true wherever it stands`, () => {
    assertEquals([isSecretName(name), isSecretName(name, "query")], [true, true]);
  });
}

for (const name of inQueries) {
  Deno.test(`isSecretName("${name}") is true in a query alone`, () => {
    assertEquals([isSecretName(name), isSecretName(name, "query")], [false, true]);
  });
}

for (const name of nowhere) {
  Deno.test(`isSecretName("${name}") is false, because names are read word by word`, () => {
    assertEquals([isSecretName(name), isSecretName(name, "query")], [false, false]);
  });
}
