// What is called, and with whose token, stands in the page alone: the browser keeps no token. It keeps that there was one, so that a page that is
// loaded again can say what it has forgotten.
const HAD_TOKEN = "postern-had-token";

/** The note of this tab that there was a token; nothing in a browser that keeps nothing. */
function tab() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

function showWhatIsForgotten() {
  document.getElementById("forgotten").hidden = tab()?.getItem(HAD_TOKEN) !== "yes";
}

const OurPage = () => ({
  wrapComponents: {
    // Each field of the dialog asks for the cursor, and the last one would have it.
    authorizationPopup: (Popup, { React }) =>
      class extends React.Component {
        componentDidMount() {
          document.querySelector(".dialog-ux input")?.focus();
        }
        render() {
          return React.createElement(Popup, this.props);
        }
      },
  },
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (authorize) => (values) => {
          tab()?.setItem(HAD_TOKEN, "yes");
          document.getElementById("forgotten").hidden = true;
          return authorize(values);
        },
        logout: (logout) => (names) => {
          tab()?.removeItem(HAD_TOKEN);
          return logout(names);
        },
      },
    },
  },
});

SwaggerUIBundle({
  dom_id: "#docs",
  url: "openapi.json",
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  showExtensions: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: "none",
  plugins: [OurPage],
  onComplete: showWhatIsForgotten,
});
