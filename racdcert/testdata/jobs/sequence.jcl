//SEQ      JOB 1,'NUMBERED',CLASS=A,                                    00000100
//             MSGCLASS=X                                               00000200
//RUN      EXEC PGM=IKJEFT01                                            00000300
//SYSTSPRT DD SYSOUT=*                                                  00000400
//SYSTSIN  DD *                                                         00000500
 RACDCERT ID(SEQ1) ADDRING(SeqRing)                                     00000600
 RACDCERT ID(SEQ1) GENCERT +                                            00000700
   SUBJECTSDN(CN('seq') OU('numbers') O('In columns 73 to 80')) NISTECC-00000800
   WITHLABEL('Numbered')                                               +00000900
   KEYUSAGE(HANDSHAKE)                                                  00001000
 RACDCERT ID(SEQ1) CONNECT(LABEL('Numbered') -                          00001100
   RING(SeqRing))                                                       00001200
 RACDCERT ID(SEQ1) LISTRING(SeqRing)                                    00001300
/*                                                                      00001400
//                                                                      00001500
