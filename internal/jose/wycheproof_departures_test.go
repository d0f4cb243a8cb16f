package jose_test

// jwsDepartures of json_web_signature.
var jwsDepartures = []departure{
	{"RS384 is none of our algorithms", []int{264, 265, 266, 267}},
	{"RS512 is none of our algorithms", []int{268, 269, 270, 271}},
	{"PS256 is none of our algorithms", []int{272, 273, 274, 275, 287, 288}},
	{"PS384 is none of our algorithms", []int{320, 321, 322, 323}},
	{"PS512 is none of our algorithms", []int{325, 326, 327, 328}},
	{
		"the key says PS256 and the header PS384: one key, one algorithm (RFC 8725 §3.1). Neither is one of ours",
		[]int{346, 350},
	},
	{"the key says ES521, which is no algorithm, and the header ES512, which is none of ours", []int{347, 351}},
	{"called invalid, and the same text as 357, which is called valid", []int{367, 370}},
	{"called valid with a question mark among the base64url (RFC 7515 §2 has no such character)", []int{372, 373}},
}

// jwkDepartures of json_web_key.
var jwkDepartures = []departure{
	{"a key set that everybody can read holds no secret (RFC 9068 §2.1): an HMAC key in one is not used", []int{2, 13}},
	{"the same, and HS384 and HS512 are none of our algorithms", []int{14, 15}},
}

// rsaDepartures of rsa_signature_2048_sha256.
var rsaDepartures = []departure{
	{"the key's exponent is 3, and 65537 is the least (FIPS 186-5 §5.4)", []int{258, 259}},
}

// hmacDepartures of hmac_sha256.
var hmacDepartures = []departure{
	{"the HMAC is cut to 128 bits, and an HS256 signature is the whole one (RFC 7518 §3.2)", []int{
		82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107,
		108,
		166, 167, 168, 172, 173, 174,
	}},
}
