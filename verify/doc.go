// Package verify checks access tokens in net/http services.
package verify
