using System.Text.RegularExpressions;
using ModelCompiler.Audio;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>Where a data set is and how it is read: all that a user may say of it, whatever its form.</summary>
/// <param name="Path">A folder or file in one of the forms of <see cref="DataForms"/>.</param>
public sealed record DataSource(string Path)
{
    /// <summary>A second folder or file whose items are there to measure with; null for those of <see cref="Path"/>, or none.</summary>
    public string? TestPath { get; init; }

    /// <summary>The model that the items are for, where there is one already; recorded inputs have its names.</summary>
    public OnnxFile? Model { get; init; }

    /// <summary>What the model takes bytes of images for.</summary>
    public PixelRange Pixels { get; init; } = PixelRange.Unit;

    /// <summary>How images of a folder are read.</summary>
    public ImageReading Images { get; init; } = new();

    /// <summary>How tables are read.</summary>
    public TableReading Table { get; init; } = new();

    /// <summary>The features that sounds become; null for what the model says of itself.</summary>
    public AudioFeatureOptions? Audio { get; init; }

    /// <summary>An expression whose group <c>label</c> is the class, in the path of a file below <see cref="Path"/>; null for the name of its folder.</summary>
    public Regex? LabelPattern { get; init; }

    /// <summary>
    /// What items belong to that a split must not tear apart: an expression whose group <c>group</c> (or else the whole match) is it, in the
    /// path of a file; of tables the name of a column. Null where items belong to nothing.
    /// </summary>
    public string? SplitBy { get; init; }

    /// <summary>The group whose items are there to measure with, taken out of those to learn from; null for none.</summary>
    public string? TestGroup { get; init; }

    /// <summary>Names of the classes that items may have, where another part of the data says them; null for those that are found.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }
}

/// <summary>How images of other sizes than a model takes become its size.</summary>
public enum ImageResize
{
    /// <summary>They do not: they are refused.</summary>
    None,

    /// <summary>The whole image is scaled, rows and columns for themselves.</summary>
    Stretch,

    /// <summary>The largest part in the middle that has the proportions of the model's input is scaled.</summary>
    Crop,
}

/// <summary>How images of a folder are read.</summary>
public sealed record ImageReading
{
    /// <summary>1 for grey, 3 for red, green and blue; null for what the model takes or, without a model, what all files are.</summary>
    public int? Channels { get; init; }

    /// <summary>Rows and columns of an item where no model says them; null for those of the files, which must then be the same.</summary>
    public (int Height, int Width)? Size { get; init; }

    /// <summary>What happens to images of other sizes.</summary>
    public ImageResize Resize { get; init; }
}

/// <summary>How tables of comma- or semicolon-separated values become items.</summary>
public sealed record TableReading
{
    /// <summary>Columns with the class or, where it is not one of whole numbers or words, the numbers that a model is to give: names, or numbers from 1. Empty for none.</summary>
    public IReadOnlyList<string> Label { get; init; } = [];

    /// <summary>Columns that go into the model, by name, number or range of numbers (<c>2-9</c>); empty for all that have no other purpose.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Rows of an item; null where each row is an item.</summary>
    public int? Window { get; init; }

    /// <summary>Rows between the beginnings of two items; null for those of a window.</summary>
    public int? Stride { get; init; }

    /// <summary>Whether the first row has names; null to find out.</summary>
    public bool? Header { get; init; }

    /// <summary>Rows that are learnt from, those behind them being there to measure with; null where none are.</summary>
    public LeadingRows? TrainingRows { get; init; }
}
