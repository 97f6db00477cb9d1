package pkcs11

import p11 "github.com/miekg/pkcs11"

// meaning is what a code says to its reader.
type meaning struct {
	kind       error
	cause, fix string
}

const (
	fixReinsert  = "put it back, or see that its device is reachable, and run the command again"
	fixDevice    = "look at the token's own log or lights; if it goes on, restart the device"
	fixLocked    = "its security officer must set a new PIN"
	fixMechanism = "signet token probe shows what it can do"
)

// meanings explains the codes that users meet (PKCS #11 v2.40 section 5.1).
var meanings = map[CKR]meaning{
	p11.CKR_HOST_MEMORY:                    {ErrDevice, "the module ran out of memory", ""},
	p11.CKR_GENERAL_ERROR:                  {ErrDevice, "the module reports a general error", fixDevice},
	p11.CKR_FUNCTION_FAILED:                {ErrDevice, "the token could not do it", fixDevice},
	p11.CKR_DEVICE_ERROR:                   {ErrDevice, "the token or its slot has a fault", fixDevice},
	p11.CKR_DEVICE_MEMORY:                  {ErrTokenFull, "the token has no room left", "delete objects that are no longer needed"},
	p11.CKR_DEVICE_REMOVED:                 {ErrRemoved, "the token was removed", fixReinsert},
	p11.CKR_TOKEN_NOT_PRESENT:              {ErrRemoved, "there is no token in the slot", fixReinsert},
	p11.CKR_SLOT_ID_INVALID:                {ErrRemoved, "the slot is gone", fixReinsert},
	p11.CKR_TOKEN_NOT_RECOGNIZED:           {ErrNoToken, "the module does not recognise the token in the slot", "use the module of its vendor"},
	p11.CKR_TOKEN_WRITE_PROTECTED:          {ErrReadOnly, "the token is write-protected", ""},
	p11.CKR_SESSION_READ_ONLY:              {ErrReadOnly, "the token gives read-only sessions only", ""},
	p11.CKR_SESSION_HANDLE_INVALID:         {ErrRemoved, "the session was closed under us", "run the command again"},
	p11.CKR_SESSION_CLOSED:                 {ErrRemoved, "the session was closed under us", "run the command again"},
	p11.CKR_SESSION_COUNT:                  {ErrDevice, "the token has no session left", "end other programs that use it, or lower the number of sessions"},
	p11.CKR_USER_NOT_LOGGED_IN:             {ErrPINNeeded, "the token wants the user's PIN for this", "give the PIN with --pin-file or at the prompt"},
	p11.CKR_PIN_INCORRECT:                  {ErrPIN, "the PIN is wrong", ""},
	p11.CKR_PIN_INVALID:                    {ErrPIN, "the PIN has characters that the token does not allow", ""},
	p11.CKR_PIN_LEN_RANGE:                  {ErrPIN, "the PIN is too short or too long for the token", ""},
	p11.CKR_PIN_EXPIRED:                    {ErrPINLocked, "the PIN has expired", "change it with the token's own program"},
	p11.CKR_PIN_LOCKED:                     {ErrPINLocked, "too many wrong PINs were given", fixLocked},
	p11.CKR_USER_PIN_NOT_INITIALIZED:       {ErrPINLocked, "the token has no user PIN yet", fixLocked},
	p11.CKR_USER_ANOTHER_ALREADY_LOGGED_IN: {ErrDevice, "the security officer is logged in", "log out there first"},
	p11.CKR_USER_TOO_MANY_TYPES:            {ErrDevice, "the security officer is logged in", "log out there first"},
	p11.CKR_MECHANISM_INVALID:              {ErrUnsupported, "the token does not have this mechanism", fixMechanism},
	p11.CKR_MECHANISM_PARAM_INVALID:        {ErrUnsupported, "the token does not take these parameters", fixMechanism},
	p11.CKR_FUNCTION_NOT_SUPPORTED:         {ErrUnsupported, "the module does not have this function", fixMechanism},
	p11.CKR_KEY_SIZE_RANGE:                 {ErrUnsupported, "the token does not take keys of this size", fixMechanism},
	p11.CKR_CURVE_NOT_SUPPORTED:            {ErrUnsupported, "the token does not have this curve", fixMechanism},
	p11.CKR_DOMAIN_PARAMS_INVALID:          {ErrUnsupported, "the token does not have this curve", fixMechanism},
	p11.CKR_KEY_TYPE_INCONSISTENT:          {ErrUnsupported, "the key is of another kind than the mechanism", ""},
	p11.CKR_KEY_FUNCTION_NOT_PERMITTED:     {ErrUnsupported, "the key may not be used for this", "its CKA_SIGN must be true"},
	p11.CKR_TEMPLATE_INCONSISTENT:          {ErrUnsupported, "the token does not take an object with these attributes", fixMechanism},
	p11.CKR_TEMPLATE_INCOMPLETE:            {ErrUnsupported, "the token wants attributes that are not given", fixMechanism},
	p11.CKR_ATTRIBUTE_TYPE_INVALID:         {ErrUnsupported, "the token does not have an attribute", fixMechanism},
	p11.CKR_ATTRIBUTE_VALUE_INVALID:        {ErrUnsupported, "the token does not take the value of an attribute", fixMechanism},
	p11.CKR_ATTRIBUTE_READ_ONLY:            {ErrReadOnly, "the token does not let this attribute change", ""},
	p11.CKR_ACTION_PROHIBITED:              {ErrReadOnly, "the token does not allow this for the object", ""},
	p11.CKR_ATTRIBUTE_SENSITIVE:            {ErrReadOnly, "the value never leaves the token", ""},
	p11.CKR_OBJECT_HANDLE_INVALID:          {ErrNotFound, "the object is gone", "list the token again"},
	p11.CKR_KEY_HANDLE_INVALID:             {ErrNotFound, "the key is gone", "list the token again"},
	p11.CKR_CRYPTOKI_NOT_INITIALIZED:       {ErrNoModule, "the module is not initialised", ""},
	p11.CKR_NEED_TO_CREATE_THREADS:         {ErrNoModule, "the module wants threads of its own, which it may not have", ""},
	p11.CKR_CANT_LOCK:                      {ErrNoModule, "the module cannot be used by several threads", ""},
	p11.CKR_ARGUMENTS_BAD:                  {ErrUnsupported, "the module does not take the arguments", ""},
}
