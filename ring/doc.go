// Package ring is the model of a RACF key-ring database and its rules: certificates under an
// owner and a label, rings that connect them, and one Manager with one method for each
// RACDCERT function. A request struct says what is asked; the front ends fill it, whatever
// their syntax. Storage is behind Store and file formats are behind Codec, both declared here;
// the package prints nothing and reads neither files nor the environment.
//
// The rules follow the reference pages racdcert-certificates.md and racdcert-rings.md; where a
// fact is unconfirmed there, the choice is recorded in docs/decisions.md.
package ring
