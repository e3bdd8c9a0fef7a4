package secret

import (
	"bytes"
	"path"
	"strings"
)

// keyNames are names that ssh gives to private keys.
var keyNames = map[string]bool{"id_rsa": true, "id_dsa": true, "id_ecdsa": true, "id_ed25519": true, "id_ecdsa_sk": true, "id_ed25519_sk": true,
	"ssh_host_rsa_key": true, "ssh_host_dsa_key": true, "ssh_host_ecdsa_key": true, "ssh_host_ed25519_key": true}

// bundle tells whether files with an extension may have a key behind something else:
// behind its certificates, or in the configuration of a VPN.
func bundle(ext string) bool {
	switch ext {
	case ".pem", ".key", ".crt", ".cer", ".cert", ".p8", ".pk8", ".asc", ".gpg", ".pgp", ".ovpn":
		return true
	}
	return false
}

// keyName tells whether ssh gives such names to private keys.
func keyName(base string) bool {
	return (strings.HasPrefix(base, "id_") || strings.HasPrefix(base, "ssh_host_")) && keyNames[base]
}

// key tells whether a file is a private key; sure says that nothing else needs to be
// looked at.
func key(name, base string, text []byte) (m Mark, sure bool) {
	switch {
	case bytes.HasPrefix(text, []byte(begin)):
		if found, filled := armored(text, true); found {
			if filled {
				return Key, true
			}
			return None, true // a template
		}
	case bytes.HasPrefix(text, []byte("PuTTY-User-Key-File-")), gnupg(name, base, text):
		return Key, true
	case keyName(base):
		for _, public := range []string{"ssh-", "ecdsa-sha2-", "sk-", "---- BEGIN SSH2 PUBLIC"} {
			if bytes.HasPrefix(text, []byte(public)) {
				return None, true
			}
		}
	}
	switch ext := path.Ext(base); {
	case bundle(ext) || bytes.HasPrefix(text, []byte(begin)) || bytes.HasPrefix(text, []byte("Bag Attributes")):
		if found, filled := armored(text, false); found && filled {
			return Key, true
		}
		return None, keyName(base) // a certificate, a public key
	case ext == ".json":
		if bytes.Contains(text, []byte(`"private_key"`)) && bytes.Contains(text, []byte(privateKey)) {
			if bytes.Contains(text, []byte(`"service_account"`)) {
				return Cloud, true
			}
			return Key, true
		}
	}
	if keyName(base) {
		return KeyName, true
	}
	return None, false
}

const (
	begin      = "-----BEGIN "
	privateKey = "PRIVATE KEY-----"
)

// armored looks for a private key in text form: PEM, OpenSSH's, PGP's. filled is false
// for a template. One that the file begins with may be cut short.
func armored(text []byte, first bool) (found, filled bool) {
	for {
		at := bytes.Index(text, []byte(begin))
		if at < 0 || first && at > 0 {
			return found, false
		}
		text = text[at+len(begin):]
		label, rest, ok := bytes.Cut(text, []byte("-----"))
		if !ok || len(label) > 80 {
			return found, false
		}
		if !bytes.HasSuffix(label, []byte("PRIVATE KEY")) && !bytes.HasSuffix(label, []byte("PRIVATE KEY BLOCK")) {
			if first {
				return false, false
			}
			continue
		}
		found = true
		if body, clean := body(rest); clean && (first || body >= 16) {
			return true, true
		}
		if first {
			return true, false
		}
	}
}

// body counts the characters of a key's base64, as far as they are there. clean is false
// where something else stands in their place.
func body(text []byte) (n int, clean bool) {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		switch {
		case bytes.HasPrefix(line, []byte("-----END")):
			return n, true
		case len(line) == 0, n == 0 && bytes.Contains(line, []byte(": ")): // Proc-Type, Version
		case !base64(line), n == 0 && same(line):
			return n, false
		default:
			n += len(line)
		}
	}
	return n, true
}

// base64 tells whether a line has only characters of that alphabet.
func base64(line []byte) bool {
	for _, c := range line {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return true
}

// same tells whether a word is one character again and again: "xxxx".
func same(word []byte) bool {
	return len(word) > 1 && len(bytes.Trim(word, string(word[:1]))) == 0
}

// gnupg tells whether a file is one of those in which GnuPG has private keys, in its own
// forms: S-expressions, and packets of the kind "secret key".
func gnupg(name, base string, text []byte) bool {
	if strings.HasSuffix(base, ".key") && within(name, "private-keys-v1.d") {
		return bytes.Contains(text[:min(len(text), 4096)], []byte("private-key"))
	}
	if base == "secring.gpg" || strings.HasSuffix(base, ".gpg") || strings.HasSuffix(base, ".pgp") {
		return text[0]&0xfc == 0x94 || text[0] == 0xc5
	}
	return false
}
