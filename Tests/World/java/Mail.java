import java.util.Properties;
import javax.mail.Folder;
import javax.mail.Message;
import javax.mail.Session;
import javax.mail.Store;
import javax.mail.Transport;
import javax.mail.internet.InternetAddress;
import javax.mail.internet.MimeMessage;

/** A Java program that sends and fetches by JavaMail, with all of Java's checks of certificates. */
class Mail {
    static final String HOST = "gw.home.example";

    /** `send smtps|smtp PORT SUBJECT` or `fetch pop3s|pop3 PORT SUBJECT`; `smtp` and `pop3` want STARTTLS. */
    public static void main(String[] arguments) throws Exception {
        String protocol = arguments[1];
        Properties settings = new Properties();
        settings.put("mail." + protocol + ".port", arguments[2]);
        settings.put("mail." + protocol + ".auth", "true");
        String startTLS = String.valueOf(!protocol.endsWith("s"));
        settings.put("mail." + protocol + ".starttls.enable", startTLS);
        settings.put("mail." + protocol + ".starttls.required", startTLS);
        settings.put("mail." + protocol + ".ssl.checkserveridentity", "true");
        settings.put("mail." + protocol + ".timeout", "60000");
        Session session = Session.getInstance(settings);
        session.setDebug(true);
        if (arguments[0].equals("send")) {
            send(session, protocol, arguments[3]);
        } else {
            fetch(session, protocol, arguments[3]);
        }
    }

    private static void send(Session session, String protocol, String subject) throws Exception {
        MimeMessage message = new MimeMessage(session);
        message.setFrom(new InternetAddress("alice@home.example"));
        message.setRecipient(Message.RecipientType.TO, new InternetAddress("alice@home.example"));
        message.setSubject(subject);
        message.setText("Grüße aus Java.\r\n.\r\nA line after a dot.\r\n", "utf-8");
        try (Transport transport = session.getTransport(protocol)) {
            transport.connect(HOST, "alice", "secret");
            transport.sendMessage(message, message.getAllRecipients());
        }
    }

    private static void fetch(Session session, String protocol, String subject) throws Exception {
        try (Store store = session.getStore(protocol)) {
            store.connect(HOST, "alice", "secret");
            try (Folder folder = store.getFolder("INBOX")) {
                folder.open(Folder.READ_WRITE);
                for (Message message : folder.getMessages()) {
                    String text = (String) message.getContent();
                    if (subject.equals(message.getSubject()) && text.contains("Grüße aus Java.\r\n.\r\nA line")) {
                        message.setFlag(javax.mail.Flags.Flag.DELETED, true);
                        System.out.println("FETCHED " + subject);
                        return;
                    }
                }
            }
        }
        throw new Exception("no message with the subject " + subject);
    }
}
