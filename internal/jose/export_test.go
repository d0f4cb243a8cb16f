package jose

// UncheckedHMAC is NewHMAC for the secrets that are printed in RFCs, which NewHMAC refuses.
func UncheckedHMAC(id string, secret []byte) *PrivateKey {
	half := hs256{&secret}
	return &PrivateKey{public: &Key{id: id, alg: HS256, half: half}, half: half}
}

// SmallOrders are the encodings that no Ed25519 key may have.
var SmallOrders = smallOrders

// ParseES256DER is how a signature of crypto/ecdsa is read.
var ParseES256DER = parseES256DER
