using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Polymath.Study.Report;

/// <summary>Elements of a page. Text is escaped and the page well-formed because it is built as a tree and never as a string.</summary>
internal static class Html
{
    /// <summary>An element. Content: strings, elements, attributes, sequences of these; null is left out.</summary>
    public static XElement E(string name, params object?[] content)
    {
        var element = new XElement(name, Clean(content));
        // An element without content would be written <p/>, which HTML takes for an opening tag.
        if (element.IsEmpty && name is not ("meta" or "br" or "hr" or "circle" or "line" or "path" or "rect" or "polygon")) element.Add("");
        return element;
    }

    /// <summary>An attribute.</summary>
    public static XAttribute A(string name, string value) => new(name, Fit(value));

    /// <summary>The class attribute.</summary>
    public static XAttribute Class(string names) => A("class", names);

    /// <summary>A number in an attribute: two decimals at most, a point whatever the culture.</summary>
    public static XAttribute A(string name, double value) => new(name, Number(value));

    /// <summary>A number of a drawing.</summary>
    public static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    /// <summary>The page as a file.</summary>
    public static string Page(XElement html)
    {
        var text = new StringBuilder("<!DOCTYPE html>\n");
        using (var writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, NewLineHandling = NewLineHandling.None })) html.Save(writer);
        return text.Append('\n').ToString();
    }

    /// <summary>Text without what no page may hold: control characters and halves of surrogate pairs become U+FFFD.</summary>
    public static string Fit(string text)
    {
        if (IsFit(text)) return text;
        var fit = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i])) fit.Append(text[i]).Append(text[++i]);
            else fit.Append(XmlConvert.IsXmlChar(text[i]) ? text[i] : '\uFFFD');
        return fit.ToString();
    }

    private static bool IsFit(string text)
    {
        foreach (var c in text)
            if (!XmlConvert.IsXmlChar(c)) return false;
        return true;
    }

    private static IEnumerable<object> Clean(IEnumerable<object?> content)
    {
        foreach (var item in content)
            switch (item)
            {
                case null: break;
                case string text: yield return Fit(text); break;
                case XObject node: yield return node; break;
                case System.Collections.IEnumerable many:
                    foreach (var inner in Clean(many.Cast<object?>())) yield return inner;
                    break;
                default: yield return Fit(Convert.ToString(item, CultureInfo.InvariantCulture) ?? ""); break;
            }
    }
}
