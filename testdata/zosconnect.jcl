//ZOSCONN  JOB 1,'KEY RING',CLASS=A,MSGCLASS=X
//* A CA, a server certificate that it signs, and the key ring of a
//* z/OS application that calls z/OS Connect over AT-TLS.
//RACF     EXEC PGM=IKJEFT01,REGION=0M
//SYSTSPRT DD SYSOUT=*
//SYSTSIN  DD *
 /*-----------------------------------------------------------*/
 /* The key ring                                              */
 /*-----------------------------------------------------------*/
RACDCERT ADDRING(ZOSCONN-APIR-KEYRING) ID(OMVSADM)
 /*-----------------------------------------------------------*/
 /* The CA: made, exported for the peers, and trusted here    */
 /*-----------------------------------------------------------*/
RACDCERT CERTAUTH GENCERT -
 SUBJECTSDN(CN('IMSCA') OU('ZCEE') O('US IBM SVL') C('US')) -
 KEYUSAGE(CERTSIGN) WITHLABEL('IMSCA')
 RACDCERT CERTAUTH EXPORT(LABEL('IMSCA')) DSN(CERTAUTH.CERT)
RACDCERT CONNECT(CERTAUTH LABEL('IMSCA') -
 RING(ZOSCONN-APIR-KEYRING)) ID(OMVSADM)
 /*-----------------------------------------------------------*/
 /* The server certificate, as a package for its keystore     */
 /*-----------------------------------------------------------*/
RACDCERT GENCERT -
 SUBJECTSDN(CN('ZCEESERVER.MYCOM.COM') T('MY ZCEE SERVER') -
 OU('ZCEE') O('US MYCOM COM') L('SANJOSE') SP('SANJOSE') C('US'))-
 SIZE(2048) WITHLABEL('ZOSCONNCERT') -
 SIGNWITH(CERTAUTH LABEL('IMSCA')) ID(OMVSADM)
RACDCERT EXPORT(LABEL('ZOSCONNCERT')) DSN(ZCONN.CERT.P12DER) -
 FORMAT(PKCS12DER) PASSWORD('imsmobile') ID(OMVSADM)
RACDCERT CONNECT(LABEL('ZOSCONNCERT') -
 DEFAULT RING(ZOSCONN-APIR-KEYRING)) -
 ID(OMVSADM)
 /*-----------------------------------------------------------*/
 /* Who may read rings and certificates                       */
 /*-----------------------------------------------------------*/
SETROPTS RACLIST(DIGTCERT) REFRESH
RDELETE FACILITY (IRR.DIGTCERT.LIST    IRR.DIGTCERT.LISTRING)
RDEFINE  FACILITY  IRR.DIGTCERT.LISTRING   UACC(NONE)
RDEFINE  FACILITY  IRR.DIGTCERT.LIST       UACC(NONE)
PERMIT   IRR.DIGTCERT.LISTRING CLASS(FACILITY) ID(OMVSADM) ACCESS(ALTER)
PERMIT   IRR.DIGTCERT.LIST     CLASS(FACILITY) ID(OMVSADM) ACCESS(ALTER)
SETROPTS CLASSACT(FACILITY)
SETROPTS RACLIST(FACILITY) REFRESH
/*
//
