package github

import "regexp"

// sealedText matches a value in a SealedSecret: the length of an RSA ciphertext (of a key of 2048 or 4096 bits) in two bytes,
// then that, base64 (sealed-secrets, pkg/crypto HybridEncrypt).
var sealedText = regexp.MustCompile(`: "?A[QgA][A-Za-z0-9+/]{340,}={0,2}"?`)

// identity is what a change comes to. Sealing a value twice gives two texts, so that a change that seals is told from
// another by its other text and by the commit that it was made from: that holds the value, and no hash of it is shown.
func (x *change) identity(base string) string {
	if !sealedText.Match(x.data) {
		return x.id
	}
	return base + " " + BlobID(sealedText.ReplaceAll(x.data, []byte(": sealed")))
}
